# The two commands of the README, and what they are made of.

GO      ?= go
GOFLAGS ?= -trimpath
export GOFLAGS

# A program with the race detector sleeps for a second when it ends, unless told otherwise;
# the tests start hundreds.
GORACE  ?= atexit_sleep_ms=10

.PHONY: demo test shots bench chaos build vet licences clean need-postgresql need-pooler need-tests need-browser

## demo: the whole product on sample data, until Ctrl-C
demo: need-postgresql build
	./article14 demo

## test: everything, against a real PostgreSQL, a PgBouncer, a Chromium and (as root) a Postfix; the race detector needs a C compiler, letters are read back by poppler
test: need-postgresql need-pooler need-tests need-browser
	CGO_ENABLED=1 GORACE="$(GORACE)" $(GO) test -race -timeout 45m ./...

## shots: a picture of every page and mail, at phone and desk width, light and dark; SHOTS=DIR for another folder
SHOTS ?= shots
shots: need-postgresql need-browser
	CGO_ENABLED=0 $(GO) test -count=1 -timeout 10m -run TestPeopleWalkThroughMailsAndPages ./cmd/article14 -shots "$(abspath $(SHOTS))"

## bench: figures of this machine, see docs/performance.md; BENCHFLAGS="-only b -deliveries 20000" for less
bench: need-postgresql
	CGO_ENABLED=0 $(GO) run ./cmd/bench $(BENCHFLAGS)

## chaos: kills, restarts, cuts, a full disk, a frozen worker and a flood of reports, see docs/crashes.md; CHAOSFLAGS="-only kills -seed 7" for less
chaos: need-postgresql need-pooler
	CGO_ENABLED=0 $(GO) run ./cmd/chaos $(CHAOSFLAGS)

## build: the one program, which needs no C library
build:
	CGO_ENABLED=0 $(GO) build -o article14 ./cmd/article14

## vet: what CI checks beside the tests
vet:
	@unformatted="$$(gofmt -l .)" && [ -z "$$unformatted" ] || { echo "run gofmt on: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

## licences: copy the licences of what is compiled in to where the program embeds them; after a change of go.mod
licences:
	$(GO) test ./internal/licence -count=1 -run TravelWithTheProgram -update

clean:
	rm -f article14

need-postgresql:
	@sh scripts/need.sh postgresql

need-pooler:
	@sh scripts/need.sh pgbouncer

# A private Postfix can be started by root alone; who is not root goes without its tests.
need-tests:
	@sh scripts/need.sh gcc libc6-dev poppler-utils
	@[ "$$(id -u)" -ne 0 ] || sh scripts/need.sh postfix

# A browser, another one without pictures, and what looks for barriers in pages.
need-browser:
	@sh scripts/need.sh chromium w3m
	@sh scripts/axe.sh
