-- The replies that go first when there are too many of them. What is left of a call whose reply went is not looked at.
-- up
CREATE INDEX repeat_whole ON repeat (time, key, size) WHERE whole;
DROP INDEX repeat_by_age;
CREATE INDEX repeat_by_age ON repeat (time);

-- down
DROP INDEX repeat_whole;
DROP INDEX repeat_by_age;
CREATE INDEX repeat_by_age ON repeat (time, key, size);
