# Answers from a queue. Its tests start a redis-server: of the group queue-tests, or the machine's.
GROUPS += --group queue --group queue-tests

.PHONY: worker

worker: ## answer requests from Redis with the champion: make worker ARGS="rows=10"
	@$(RUN) $(NAME) worker $(ARGS)

# A test that was skipped must not read as one that passed.
test::
	@$(RUN) sh -c 'command -v redis-server' > /dev/null || echo "test      NOT RUN: tests/serving/test_worker.py needs a redis-server: apt install redis-server, brew install redis"
