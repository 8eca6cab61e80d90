# Newer versions of the template. Copier is pinned; to try another: make template-update COPIER="uvx copier".
COPIER ?= uvx --quiet copier@9.19.1
TEMPLATE := COPIER="$(COPIER)" PYTHONPATH=hooks $(RUN) python -m template_update

.PHONY: template-update template-merge template-prepare
template-update: ## update to the newest version of the template, on a clean branch
	@$(TEMPLATE) update

template-merge: ## the same as a merge by git, for big jumps: TO=v1.0.0 DATA="scaffold=mvp"
	@$(TEMPLATE) merge $(if $(TO),--to $(TO)) $(foreach pair,$(DATA),--data $(pair))

# What the weekly workflow runs: the update on a branch of its own, checked, and the text of its pull request.
template-prepare:
	@$(TEMPLATE) prepare
