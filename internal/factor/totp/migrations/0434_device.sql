-- Nearly every row has no device, so an index of the device alone finds them all: a
-- search for one account's would read everybody's.
DROP INDEX totp_device;
CREATE INDEX totp_device ON totp (device, account);
