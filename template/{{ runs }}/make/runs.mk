# What was trained, and what more rows will cost.
.PHONY: runs complexity

runs: ## list the runs in logs/: make runs ARGS="--compare RUN RUN"
	@$(RUN) $(NAME) runs $(ARGS)

complexity: ## time and memory of the model on growing numbers of rows
	@$(RUN) $(NAME) complexity $(ARGS)
