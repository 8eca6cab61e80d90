# Errors by group.
.PHONY: fairness

fairness: ## compare errors between the groups of conf/fairness.yaml
	@$(RUN) $(NAME) fairness $(ARGS)
