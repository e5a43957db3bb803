package catcher

import (
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// paper is one letter in the list.
type paper struct {
	No               int
	Link, Name, Size string
	file             string
}

// papers are the letters there are now, in the order of their names.
func (in *inbox) papers() []paper {
	if in.srv.opts.Letters == nil {
		return nil
	}
	var list []paper
	err := fs.WalkDir(in.srv.opts.Letters, ".", func(file string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && file != "." && strings.HasPrefix(file, ".") {
			return fs.SkipDir // a batch that is still being written
		}
		if err != nil || d.IsDir() || path.Ext(file) != ".pdf" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		no := len(list) + 1
		list = append(list, paper{No: no, Link: in.home + "letters/" + strconv.Itoa(no), Name: strings.TrimSuffix(d.Name(), ".pdf"),
			Size: size(int(info.Size())), file: file})
		return nil
	})
	if err != nil {
		in.srv.opts.Log.Error("letters not listed", "error", err)
		return nil
	}
	return list
}

func (in *inbox) letters(w http.ResponseWriter, _ *http.Request) {
	in.render(w, http.StatusOK, "letters", struct {
		Title, Home string
		Papers      []paper
	}{"Letters", in.home, in.papers()})
}

func (in *inbox) letter(w http.ResponseWriter, r *http.Request) {
	list := in.papers()
	no, err := strconv.Atoi(r.PathValue("no"))
	if err != nil || no < 1 || no > len(list) {
		in.missing(w, r)
		return
	}
	pdf, err := fs.ReadFile(in.srv.opts.Letters, list[no-1].file)
	if err != nil {
		in.missing(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", policyPaper)
	send(w, http.StatusOK, "application/pdf", pdf)
}
