-- Rows that were written before they said whose they are: those of members of today, since
-- they joined, and those about the organisation itself.
UPDATE audit SET org = (SELECT m.org FROM org_member m WHERE m.account = audit.account)
  WHERE org = '' AND account IN (SELECT account FROM org_member) AND at >= (SELECT m.joined FROM org_member m WHERE m.account = audit.account);
UPDATE audit SET org = coalesce((SELECT o.id FROM org o WHERE audit.about LIKE '%"org":"' || o.id || '"%'), '')
  WHERE org = '' AND account = '' AND (kind LIKE 'org.%' OR kind LIKE 'group.%' OR kind LIKE 'policy.%');
INSERT INTO audit_hour (org, hour, kind, code, n)
  SELECT org, at / 3600000000, kind, code, count(*) FROM audit
  WHERE org <> '' AND seq IS NOT NULL AND kind LIKE 'signin.%' GROUP BY org, at / 3600000000, kind, code
  ON CONFLICT (org, hour, kind, code) DO UPDATE SET n = excluded.n;
