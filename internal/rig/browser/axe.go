package browser

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// pin names axe-core's package, its version, and what its bytes have to be (W3C
// Subresource Integrity). scripts/axe.sh reads it, too.
//
//go:embed axe.txt
var pin string

// axeScript reads axe-core from where scripts/axe.sh has put it.
var axeScript = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("axe-core: %w", err)
	}
	name, version, integrity := pinned()
	file := filepath.Join(cache, "article14", name+"-"+version+".tgz")
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("axe-core is not there: run make need-browser: %w", err)
	}
	script, err := unpack(b, integrity)
	if err != nil {
		return "", fmt.Errorf("%s: %w; remove it and run make need-browser", file, err)
	}
	return script, nil
})

func pinned() (name, version, integrity string) {
	f := strings.Fields(pin)
	return f[0], f[1], f[2]
}

// unpack takes the script out of npm's package, if that is the one we know.
func unpack(pkg []byte, integrity string) (string, error) {
	sum := sha512.Sum512(pkg)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != integrity {
		return "", fmt.Errorf("its bytes are not those that we know: %s, want %s", got, integrity)
	}
	z, err := gzip.NewReader(bytes.NewReader(pkg))
	if err != nil {
		return "", err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return "", errors.New("no axe.min.js is in it")
		}
		if err != nil {
			return "", err
		}
		if h.Name == "package/axe.min.js" {
			script, err := io.ReadAll(t)
			return string(script), err
		}
	}
}

// Finding is something that keeps people out of a page.
type Finding struct {
	Rule   string `json:"rule"`   // axe-core's name of the rule
	Impact string `json:"impact"` // minor, moderate, serious or critical
	Where  string `json:"where"`  // the tag of the element
	Why    string `json:"why"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s (%s): %s: %s", f.Rule, f.Impact, f.Where, strings.Join(strings.Fields(f.Why), " "))
}

// audit runs rules of axe-core. What it could not decide by itself counts as found.
const audit = `axe.run(document, {preload: false, resultTypes: ["violations", "incomplete"], %s}).then(r =>
  [...r.violations, ...r.incomplete].flatMap(v => v.nodes.map(n => (
    {rule: v.id, impact: v.impact || "", where: n.html.slice(0, 300), why: n.failureSummary || v.help}))))`

// Axe gives what axe-core finds in the page that is open, in its colours of now, by every
// rule, those of good practice too. Rules that cannot apply are named by whoever asks. It
// needs a view with scripts.
func (t *Tab) Axe(ctx context.Context, without ...string) ([]Finding, error) {
	off := []string{}
	for _, rule := range without {
		off = append(off, fmt.Sprintf("%q: {enabled: false}", rule))
	}
	return t.audit(ctx, "rules: {"+strings.Join(off, ", ")+"}")
}

// AxeColours is Axe by those rules alone that look at colours, for a page that was looked
// at in others.
func (t *Tab) AxeColours(ctx context.Context) ([]Finding, error) {
	return t.audit(ctx, `runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}`)
}

func (t *Tab) audit(ctx context.Context, which string) ([]Finding, error) {
	script, err := axeScript()
	if err != nil {
		return nil, err
	}
	there, err := evaluate[bool](ctx, t, `typeof axe === "object"`)
	if err == nil && !there {
		_, err = evaluate[chromedp.Void](ctx, t, script)
	}
	if err != nil {
		return nil, fmt.Errorf("bring axe-core into the page: %w", err)
	}
	found, err := evaluate[[]Finding](ctx, t, fmt.Sprintf(audit, which), chromedp.EvalAwaitPromise)
	if err != nil {
		return nil, fmt.Errorf("axe-core: %w", err)
	}
	return found, nil
}
