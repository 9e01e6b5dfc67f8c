-- Answers that are tried, and questions that test a key, told apart from what users ask.
alter table provider_calls drop constraint provider_calls_operation_check,
  add constraint provider_calls_operation_check
    check (operation in ('chat', 'embedding', 'query_rewriting', 'title', 'rerank', 'trial', 'key_test')) not valid;

-- By which of the tenant's settings a question of a rehearsal may be read: as one that got no good answer, or since whole
-- conversations may. It may be no more once the tenant takes back that one.
alter table rehearsal_questions
  add column shared_by text not null default 'unanswered' check (shared_by in ('unanswered', 'conversation'));
