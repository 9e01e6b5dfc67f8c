-- The words of a long document are stored in parts: in which further passages a word is, is added to its row.
do $$
begin
  execute format('grant update (ordinals, counts) on document_words to %I', current_setting('parlance.role_prefix') || '_app');
end
$$;
