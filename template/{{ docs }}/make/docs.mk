# The site: everything in docs/, and pages made from reports/, the service and the checklist. Nothing of it is committed.
GROUPS += --group docs
.PHONY: docs drawings
# Its warning at each build says: Material for MkDocs is mended until May 2027, and Zensical reads the same mkdocs.yml.
export NO_MKDOCS_2_WARNING := 1
MERMAID := 11.17.2
MERMAID_SHA256 := 581ed7d74bd9048d0e3a91363927d72ef22942d7722546b27f7cc29e35390eb8

docs: ## the site of this project, to site/index.html
	@$(RUN) mkdocs build --strict # not --quiet: that silences warnings before --strict has counted them
	@echo "docs      site/index.html$(if $(wildcard build/mermaid.min.js),,; drawings stand there as text (make drawings fetches what draws them))"

drawings: ## fetch Mermaid from the npm index, so that the site draws its diagrams itself
	@command -v npm > /dev/null || { echo "npm is missing; without it the site shows each drawing as text" >&2; exit 2; }
	@mkdir -p build && npm pack --silent --pack-destination build mermaid@$(MERMAID) > /dev/null
	@tar -xzf build/mermaid-$(MERMAID).tgz -C build --strip-components=2 package/dist/mermaid.min.js
	@node -e "const {createHash} = require('crypto'), {readFileSync} = require('fs'); process.exit(createHash('sha256').update(readFileSync('build/mermaid.min.js')).digest('hex') === '$(MERMAID_SHA256)' ? 0 : 1)" \
	  || { rm -f build/mermaid.min.js; echo "build/mermaid.min.js: not the file that make/docs.mk names by its sha256; removed" >&2; exit 1; }
	@echo "drawings  build/mermaid.min.js"
