# Take a newer version of the template in. Copier is pinned: raise it with `make template-update COPIER=...`.
COPIER ?= uvx --quiet copier@9.19.1

.PHONY: template-update
template-update: ## take in the newest version of the template, on a clean branch
	@$(COPIER) update --defaults --skip-answered
	@git -c core.whitespace=-blank-at-eol,-space-before-tab,-blank-at-eof diff --check || { echo "conflict markers: see the lines above; mend them, then commit" >&2; exit 1; }
	@echo "next: make setup check test && uv run checklist news"
