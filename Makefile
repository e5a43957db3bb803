# The two commands of the README, and what they are made of.

GO      ?= go
GOFLAGS ?= -trimpath
export GOFLAGS

.PHONY: demo test build vet clean need-postgresql

## demo: the whole product on sample data, until Ctrl-C
demo: need-postgresql build
	./article14 demo

## test: everything, against a real PostgreSQL
test: need-postgresql
	$(GO) test -race -timeout 10m ./...

## build: the one program
build:
	$(GO) build -o article14 ./cmd/article14

## vet: what CI checks beside the tests
vet:
	@unformatted="$$(gofmt -l $$(git ls-files '*.go'))"; [ -z "$$unformatted" ] || { echo "run gofmt on: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

clean:
	rm -f article14

need-postgresql:
	@sh scripts/need.sh postgresql
