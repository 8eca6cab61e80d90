# The models that were kept: list, add, put into use.
.PHONY: register promote models

register: ## keep the evaluated run's model as a new version, the challenger
	@$(RUN) $(NAME) register $(ARGS)

promote: ## make the challenger champion, if it passes conf/gates.yaml
	@$(RUN) $(NAME) promote-model $(ARGS)

models: ## list the registered models
	@$(RUN) $(NAME) models
