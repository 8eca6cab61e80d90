.PHONY: batch

batch: ## predict a file of any size: make batch ARGS="in.parquet build/march"
	@$(RUN) $(NAME) batch $(ARGS)
