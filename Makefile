# Two commands do everything: make run, make test.
GO ?= go
export CGO_ENABLED = 0
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
FLAGS = -trimpath -ldflags "-s -w -X sekisho/internal/command.release=$(VERSION) -X sekisho/internal/hand.release=$(VERSION)"

.PHONY: run build check test unit e2e bench golden

build:
	$(GO) build $(FLAGS) -o bin/sekisho ./cmd/sekisho
	$(GO) build $(FLAGS) -o bin/tegata ./cmd/tegata

run: build
	./bin/sekisho serve

# Quick, before every commit.
check:
	@test -z "$$(gofmt -l cmd internal e2e bench 2>/dev/null)" || { gofmt -l cmd internal e2e bench; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) test -timeout 40m ./internal/...

# Everything, with what it needs installed.
test: deps
	@test -z "$$(gofmt -l cmd internal e2e bench)" || { gofmt -l cmd internal e2e bench; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) test -timeout 40m ./internal/... ./cmd/... ./bench/...
	$(GO) test -count=1 -timeout 40m ./e2e/...

deps:
	@sh scripts/test-deps

# What a machine can do and how near the program comes: make bench BENCH=-quick
bench: build
	$(GO) build -o bin/bench ./bench
	@exec ./bin/bench $(BENCH)

# Writes the files that hold what is expected; look at the difference before committing.
golden:
	$(GO) test ./internal ./internal/sample -run 'Golden|Routes|Catalogue' -update
