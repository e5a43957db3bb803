package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Goal is something that a reader wants to get hold of: an expression of JavaScript
// that gives the element.
type Goal struct{ name, expression string }

// Control is the button or link of this name.
func Control(name string) Goal {
	return Goal{fmt.Sprintf("button or link %q", name), `[...document.querySelectorAll("button, a[href], summary")].find(e => folded(e) === ` + quote(name) + `)`}
}

// LinkTo is the first link whose address begins like this.
func LinkTo(address string) Goal {
	return Goal{"link to " + address, `[...document.links].find(e => e.href.startsWith(` + quote(address) + `))`}
}

// Field is what the label of this name belongs to.
func Field(label string) Goal {
	return Goal{fmt.Sprintf("field %q", label), `[...document.querySelectorAll("label")].find(e => folded(e) === ` + quote(label) + `)?.control`}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a form in JSON
	}
	return string(b)
}

// Press gets hold of a control and uses it: with one touch, or, without a finger, by
// the keys Tab and Enter. It returns when the page is there to which that led.
func (t *Tab) Press(ctx context.Context, g Goal) error {
	err := t.reach(ctx, g)
	if err == nil {
		err = t.load(ctx, t.act())
	}
	if err != nil {
		return fmt.Errorf("%s: press the %s: %w", t.Name, g.name, err)
	}
	return nil
}

// act uses what was reached.
func (t *Tab) act() chromedp.Action[chromedp.Void] {
	if !t.Touch {
		return chromedp.KeyEvent(kb.Enter)
	}
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		at, err := chromedp.Evaluate[*[2]float64](touched)(ctx, target)
		if err != nil || at == nil {
			return chromedp.Void{}, errors.Join(err, errors.New("something else lies over it"))
		}
		return chromedp.TapXY(at[0], at[1])(ctx, target)
	}
}

// Type writes into a field.
func (t *Tab) Type(ctx context.Context, g Goal, text string) error {
	err := t.reach(ctx, g)
	if err == nil && t.Touch {
		err = t.do(ctx, t.act()) // which gives it the focus
	}
	if err == nil {
		err = t.do(ctx, chromedp.KeyEvent(text))
	}
	if err != nil {
		return fmt.Errorf("%s: type into the %s: %w", t.Name, g.name, err)
	}
	return nil
}

// Choose ticks a box or a radio button.
func (t *Tab) Choose(ctx context.Context, g Goal) error {
	err := t.reach(ctx, g)
	if err == nil && t.Touch {
		err = t.do(ctx, t.act())
	} else if err == nil {
		err = t.do(ctx, chromedp.KeyEvent(" "))
	}
	if err != nil {
		return fmt.Errorf("%s: choose the %s: %w", t.Name, g.name, err)
	}
	return nil
}

func (t *Tab) do(ctx context.Context, act chromedp.Action[chromedp.Void]) error {
	ctx, done := t.within(ctx)
	defer done()
	return chromedp.Do(ctx, act)
}

const (
	// remember finds the goal, and keeps it for the next questions.
	remember = `(() => {
  const folded = e => e.textContent.replace(/\s+/g, " ").trim();
  globalThis.goal = %s;
  return Boolean(goal && goal.checkVisibility());
})()`
	// touched is the middle of the goal on the screen, null if that belongs to another.
	touched = `(() => {
  goal.scrollIntoView({block: "center", behavior: "instant"});
  const box = [...goal.getClientRects()][0], x = box.left + box.width / 2, y = box.top + box.height / 2;
  return goal.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
})()`
	// focused tells whether the keys now go to the goal, and whether a reader sees that.
	focused = `(() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  return {here: e === goal, seen: e === document.body || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    && box.bottom > 0 && box.top < innerHeight, tag: e.cloneNode().outerHTML};
})()`
)

// maxTabs is how often a reader presses Tab to get somewhere; no page has so much.
const maxTabs = 100

// reach finds the goal, and without a finger moves the focus there by the Tab key. On
// each stop of the way the focus must be seen (WCAG 2.4.7).
func (t *Tab) reach(ctx context.Context, g Goal) error {
	there, err := evaluate[bool](ctx, t, fmt.Sprintf(remember, g.expression))
	if err != nil {
		return err
	}
	if !there {
		return errors.New("it is not on the page, or cannot be seen")
	}
	if t.Touch {
		return nil
	}
	for range maxTabs {
		focus, err := evaluate[struct {
			Here, Seen bool
			Tag        string
		}](ctx, t, focused)
		switch {
		case err != nil:
			return err
		case !focus.Seen:
			return fmt.Errorf("nobody sees that the focus is on %s", focus.Tag)
		case focus.Here:
			return nil
		}
		if err := t.do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
			return err
		}
	}
	return fmt.Errorf("the Tab key does not get there, pressed %d times", maxTabs)
}
