-- Who has something to do is few among many.
CREATE INDEX org_member_role ON org_member (org, role) WHERE role <> 'member';
