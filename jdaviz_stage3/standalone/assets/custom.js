// A figure that is saved asks for the pictures in it, the sources of a catalog, before it reads what
// WebGL has drawn below them, the image. By then the browser has taken that away, unless it is told
// to keep it, and the saved picture has no image. It is told here, before there are figures.
(function () {
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, options) {
    const kept = /webgl/.test(kind) ? {...options, preserveDrawingBuffer: true} : options;
    return getContext.call(this, kind, kept);
  };
}());
