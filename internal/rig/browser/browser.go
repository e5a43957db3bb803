package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
)

// closeWithin is how long Chromium may take to end in order.
const closeWithin = 10 * time.Second

// Browser is a Chromium without a window.
type Browser struct {
	ctx context.Context
}

// Open starts Chromium with its profile in a folder that is there and empty. It ends
// with ctx, or by Close.
func Open(ctx context.Context, folder string) (*Browser, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	if _, err := axeScript(); err != nil { // better now than in the middle
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(filepath.Join(folder, "profile")),
		chromedp.Env("HOME="+folder, "XDG_CACHE_HOME="+folder, "XDG_CONFIG_HOME="+folder),
		chromedp.DisableGPU,
		chromedp.Flag("disable-features", "Translate,SpareRendererForSitePerProcess"), // a spare process for each page costs as much as the page
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
	)
	if os.Geteuid() == 0 { // its sandbox refuses root
		options = append(options, chromedp.NoSandbox)
	}
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return &Browser{ctx}, nil
}

func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("there is no Chromium: run make need-browser, or install Debian's package chromium")
}

// Close ends Chromium and waits for it.
func (b *Browser) Close() error {
	ctx, cancel := context.WithTimeout(b.ctx, closeWithin)
	defer cancel()
	return chromedp.Cancel(ctx)
}
