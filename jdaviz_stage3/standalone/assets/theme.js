// The browser's preference for light or dark is the app's, now and when it changes: solara's page
// does that where its theme is "auto", but has no place for the app then. It reads this file once
// that place is there, and before it asks for the colours of what is drawn: asked for later, these
// and those of the light theme come in either order.
var vuetifyThemes = {light: {dark: false, colors: {}}, dark: {dark: true, colors: {}}};
theme.variant = 'auto';
appContainer.classList.toggle('theme--dark', inDarkMode());
appContainer.classList.toggle('theme--light', !inDarkMode());
