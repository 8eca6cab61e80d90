# The search for parameters.
.PHONY: tune

tune: ## search parameters as conf/search.yaml says: make tune ARGS="model=forest"
	@$(RUN) $(NAME) tune $(ARGS)
