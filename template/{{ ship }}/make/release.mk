# From a champion and a clean branch to something that can be deployed.
.PHONY: measure image image-arguments release release-check release-notes
IMAGE ?= $(NAME):local

measure: ## the promised load on the service, held against conf/slo.yaml
	@$(RUN) $(NAME) measure $(ARGS)

image: ## build the image of the service, labelled with code, model and data
	docker build $$($(RUN) python make/lineage.py arguments) --tag $(IMAGE) .

image-arguments:
	@$(RUN) python make/lineage.py arguments

release: ## version, changelog and tag, nothing pushed: make release VERSION=0.2.0
	@$(RUN) python make/release.py "$(VERSION)"

release-check: ## do tag, code, model and data belong together? make release-check TAG=v0.2.0
	@$(RUN) python make/lineage.py check "$(TAG)"

release-notes: ## what changed in this version, and of what it is made
	@$(RUN) python make/lineage.py notes
