// The app's worker: it keeps the app on the device, so that it opens without a
// network, and wakes it when somebody signs in.
