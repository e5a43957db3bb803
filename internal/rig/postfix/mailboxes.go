package postfix

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Mailboxes are the mailboxes of one domain, each a maildir.
type Mailboxes struct{ folder string }

// nobody owns the mailboxes.
const nobody = 65534

// MakeMailboxes makes the mailboxes of a domain in a folder that is there, and gives
// the settings under which an instance delivers into them and refuses everybody else.
func MakeMailboxes(folder, domain string, users []string) (Mailboxes, Settings, error) {
	m := Mailboxes{folder}
	var table strings.Builder
	for _, u := range users {
		fmt.Fprintf(&table, "%s@%s %s/\n", u, domain, u)
	}
	list := filepath.Join(folder, "mailboxes")
	err := errors.Join(os.WriteFile(list, []byte(table.String()), 0o644), os.Chmod(folder, 0o755), os.Chown(folder, nobody, nobody))
	id := strconv.Itoa(nobody)
	return m, Settings{
		"virtual_mailbox_domains": domain,
		"virtual_mailbox_maps":    "texthash:" + list,
		"virtual_mailbox_base":    folder,
		"virtual_uid_maps":        "static:" + id,
		"virtual_gid_maps":        "static:" + id,
	}, err
}

// Mails are what a user got, in no order.
func (m Mailboxes) Mails(user string) (mails [][]byte, err error) {
	files, err := filepath.Glob(filepath.Join(m.folder, user, "new", "*"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		mails = append(mails, b)
	}
	return mails, nil
}
