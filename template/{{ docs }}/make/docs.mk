# The site: docs/, and pages made from README.md, reports/, the service's interface and the checklist. It is not committed.
.PHONY: docs drawings
# Each build warns that Material for MkDocs is maintained until May 2027; Zensical reads the same mkdocs.yml.
export NO_MKDOCS_2_WARNING := 1
MERMAID := 11.17.2
MERMAID_SHA256 := 581ed7d74bd9048d0e3a91363927d72ef22942d7722546b27f7cc29e35390eb8

docs: ## build the site: site/index.html
	@$(RUN) mkdocs build --strict # not --quiet: it hides warnings before --strict has counted them
	@echo "docs      site/index.html$(if $(wildcard build/mermaid.min.js),,; diagrams are shown as text, see make drawings)"

drawings: ## fetch the Mermaid script from the npm registry, once, so that the site draws its diagrams
	@command -v npm > /dev/null || { echo "npm is missing; the site shows its diagrams as text" >&2; exit 2; }
	@mkdir -p build && npm pack --silent --pack-destination build mermaid@$(MERMAID) > /dev/null
	@tar -xzf build/mermaid-$(MERMAID).tgz -C build --strip-components=2 package/dist/mermaid.min.js
	@echo "$(MERMAID_SHA256)  build/mermaid.min.js" | sha256sum --check --status || { rm build/mermaid.min.js; echo "build/mermaid.min.js: not the file that make/docs.mk names by its SHA-256; removed" >&2; exit 1; }
