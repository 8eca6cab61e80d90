# Faults in the project itself; `make audit` of the component ship looks at packages.
.PHONY: audit-project

audit-project: ## look for faults in code, data, records and reports: make audit-project ARGS="--changed RUN_A RUN_B"
	@$(RUN) $(NAME) audit $(ARGS)
