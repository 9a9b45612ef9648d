package pcsc

// Establish connects to the computer's service, for tests that stand between it and the watch.
var Establish = establish
