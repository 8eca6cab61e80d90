# From a champion on a clean branch to an image and a tag.
.PHONY: image image-arguments release release-check release-notes
IMAGE ?= $(NAME):local
BUILD_ARGUMENTS = $$($(RUN) python make/release.py labels) $(if $(wildcard .python-version),--build-arg PYTHON=$(shell cat .python-version))

image: ## build the image of the service, labelled with code, model and data
	docker build $(BUILD_ARGUMENTS) --tag $(IMAGE) .

image-arguments:
	@echo $(BUILD_ARGUMENTS)

release: ## set version, changelog and tag; nothing is pushed: make release VERSION=0.2.0
	@$(RUN) python make/release.py new "$(VERSION)"

release-check: ## check that tag, code, model and data belong together: make release-check TAG=v0.2.0
	@$(RUN) python make/release.py check "$(TAG)"

release-notes: ## print what this version changes, and what it is made of
	@$(RUN) python make/release.py notes
