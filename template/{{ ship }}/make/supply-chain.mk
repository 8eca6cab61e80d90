# What others wrote and we ship, and what nobody may ship: vulnerable packages, secrets, an image that is not linted.
GROUPS += --group supply-chain
.PHONY: audit secrets sbom

audit: ## packages of uv.lock against known vulnerabilities
	@$(RUN) python make/audit.py $(ARGS)

secrets: ## passwords and keys in what git tracks or would add
	@git ls-files -z --cached --others --exclude-standard | xargs -0 $(RUN) detect-secrets-hook --no-verify --baseline .secrets.baseline

sbom: ## what is shipped, as CycloneDX, to dist/sbom.cdx.json
	@uv export --quiet --frozen --no-dev --group serving $(if $(wildcard src/*/serving/worker.py),--group queue) --format cyclonedx1.5 | $(RUN) python make/sbom.py dist/sbom.cdx.json

# Before a commit only what is committed is looked through, in CI everything.
hooks::
	$(RUN) hadolint Dockerfile
	@$(if $(CI),git ls-files -z,git diff --cached --name-only --diff-filter=ACMR -z) | xargs -0 $(RUN) detect-secrets-hook --no-verify --baseline .secrets.baseline
