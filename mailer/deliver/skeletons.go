package deliver

import (
	"context"
	"sync"

	"article14/mailer"
)

// skeletonCache keeps the approved texts that a worker sends, by their hash, so
// that a notice costs no look into the store.
type skeletonCache struct {
	store mailer.SkeletonStore
	mu    sync.Mutex
	kept  map[string][]byte
}

// skeletonsKept bounds the cache; campaigns rarely have as many texts.
const skeletonsKept = 256

func (c *skeletonCache) get(ctx context.Context, hash []byte) ([]byte, error) {
	c.mu.Lock()
	body, ok := c.kept[string(hash)]
	c.mu.Unlock()
	if ok {
		return body, nil
	}
	body, err := c.store.Skeleton(ctx, hash)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= skeletonsKept || c.kept == nil {
		c.kept = map[string][]byte{}
	}
	c.kept[string(hash)] = body
	return body, nil
}
