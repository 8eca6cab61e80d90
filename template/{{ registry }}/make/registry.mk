# Versions of the model: add, list, put into use, go back.
.PHONY: register models promote rollback

register: ## keep the newest evaluated run as a new version
	@$(RUN) $(NAME) register $(ARGS)

models: ## list the registered versions
	@$(RUN) $(NAME) models

promote: ## make the newest version champion, if it passes conf/gates.yaml
	@$(RUN) $(NAME) promote $(ARGS)

rollback: ## back to the previous champion: make rollback ARGS="--reason '...'"
	@$(RUN) $(NAME) rollback $(ARGS)
