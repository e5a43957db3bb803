package portal

import (
	"context"
	"sync"
	"time"

	"article14/mailer"
)

// controllerAge is how old what is shown of the controller may be.
const controllerAge = time.Minute

// controllerSource remembers the controller, so that unknown links cost the
// store nothing and the error page can still say whom to write to while the
// store is away.
type controllerSource struct {
	registers Registers
	key       string
	now       func() time.Time

	mu    sync.Mutex
	last  mailer.Controller
	asked time.Time // zero: never answered
}

// current is the controller of the newest register, or the last one known.
func (c *controllerSource) current(ctx context.Context) (mailer.Controller, error) {
	last, known, fresh := c.remembered()
	if fresh {
		return last, nil
	}
	_, reg, err := c.registers.Current(ctx, c.key)
	if err != nil {
		if known {
			return last, nil
		}
		return mailer.Controller{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.asked = reg.Controller, c.now()
	return c.last, nil
}

// remembered also reserves the next question for this caller: meanwhile the
// others go on with what is known, and do not wait for a slow store.
func (c *controllerSource) remembered() (last mailer.Controller, known, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	known = !c.asked.IsZero()
	fresh = known && now.Sub(c.asked) < controllerAge
	if known && !fresh {
		c.asked = now
	}
	return c.last, known, fresh
}
