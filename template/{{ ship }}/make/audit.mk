# What others wrote and we ship, and what must not be shipped: vulnerable packages, secrets, an image that is not linted.
.PHONY: audit secrets sbom lineage

audit: ## compare the packages of uv.lock with known vulnerabilities
	@$(RUN) python make/audit.py $(ARGS)

secrets: ## search all files that git tracks or would add for passwords and keys
	@git ls-files -z --cached --others --exclude-standard | xargs -0 $(RUN) detect-secrets-hook --no-verify --baseline .secrets.baseline

sbom: ## write the SBOM of the service and its model, as CycloneDX: dist/sbom.cdx.json
	@uv export --quiet --frozen --no-default-groups --group serve $(if $(wildcard src/*/worker),--group worker) --format cyclonedx1.5 | $(RUN) python make/sbom.py

lineage: ## write the data and code behind the champion, as OpenLineage: reports/lineage.json
	@$(RUN) python make/lineage.py

# Before a commit only the staged files are searched, in CI all of them.
hooks::
	$(RUN) hadolint Dockerfile
	@$(if $(CI),git ls-files -z,git diff --cached --name-only --diff-filter=ACMR -z) | xargs -0 $(RUN) detect-secrets-hook --no-verify --baseline .secrets.baseline
