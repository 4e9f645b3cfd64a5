// The browser's preference for light or dark is the app's, now and when it changes: solara's page
// does that where its theme is "auto", but has no place for the app then. So it is set here, after
// solara's page has found its own theme and before the app begins.
(function () {
  theme.variant = 'auto';
  const dark = inDarkMode();
  appContainer.classList.toggle('theme--dark', dark);
  appContainer.classList.toggle('theme--light', !dark);
  changeThemeCSS(dark ? 'dark' : 'light');
}());
