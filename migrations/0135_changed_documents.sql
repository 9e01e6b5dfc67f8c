-- When somebody last changed it: what is told beside it, its groups, or what it says, from the moment at which that was asked for. What is done
-- for it afterwards is no change. Null: nobody has since it was added.
alter table documents add column updated_at timestamptz;
