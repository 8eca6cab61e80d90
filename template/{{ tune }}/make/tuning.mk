# The search for parameters, and what came of the runs. optuna is in a group of its own.
GROUPS += --group tuning
.PHONY: tune runs cross-validate complexity

tune: ## search parameters as conf/search.yaml says: make tune ARGS="model=forest"
	@$(RUN) $(NAME) tune $(ARGS)

runs: ## the runs in logs/: make runs ARGS="--compare RUN RUN" or --plot
	@$(RUN) $(NAME) runs $(ARGS)

cross-validate: ## compare all models on folds of train, to reports/cv.json
	@$(RUN) $(NAME) cross-validate $(ARGS)

complexity: ## time and memory while the rows grow, to reports/complexity.json
	@$(RUN) $(NAME) complexity $(ARGS)
