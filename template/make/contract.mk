# What rows must hold at every door. pandera and scipy are in the group of the service.
GROUPS += --group serving --group service-tests
.PHONY: contract

contract: ## derive conf/contract.yaml from train, once: make contract ARGS=--show-changes
	@$(RUN) $(NAME) contract $(ARGS)
