# The search for parameters, and scores on folds of train.
.PHONY: tune cross-validate

tune: ## search parameters as conf/search.yaml says: make tune ARGS="model=forest"
	@$(RUN) $(NAME) tune $(ARGS)

cross-validate: ## score models on folds of train: make cross-validate ARGS="--models logistic,forest"
	@$(RUN) $(NAME) cross-validate $(ARGS)
