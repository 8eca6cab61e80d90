# MLflow beside logs/: mlflow.db and mlruns/ in this folder, no server needed to write to them.
export MLFLOW_DISABLE_TELEMETRY := true
MLFLOW_PORT ?= 5000
.PHONY: track mlflow-ui

# After the rule of the same name in Makefile; a failure here does not fail the training.
train evaluate::
	-@$(RUN) $(NAME) track

track: ## copy new runs of logs/ to MLflow: by itself after train and evaluate
	@$(RUN) $(NAME) track

mlflow-ui: ## browse the runs: make mlflow-ui MLFLOW_PORT=5001
	@$(RUN) mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port $(MLFLOW_PORT)
