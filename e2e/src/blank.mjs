// Stands before the storage account. While the blob `datasets/blank` is there, it answers a listing of
// `datasets` with a valid page that shows nothing, as a proxy or a cache does that is wrong.
import http from "node:http";
import net from "node:net";

let blank = false;

const proxy = http.createServer((request, response) => {
  if (request.url.startsWith("/datasets/blank")) blank = request.method === "PUT";
  const listing = request.url.startsWith("/datasets?") && request.url.includes("comp=list");
  const { method, url: path, headers } = request;
  const onward = http.request({ host: "127.0.0.1", port: 10009, method, path, headers }, (answer) => {
    if (!(blank && listing && answer.statusCode === 200)) {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      return;
    }
    let page = "";
    answer.setEncoding("utf8").on("data", (part) => (page += part));
    answer.on("end", () => {
      page = page.replace(/<Blobs>.*<\/Blobs>/s, "<Blobs></Blobs>");
      page = page.replace(/<NextMarker>.*<\/NextMarker>/s, "<NextMarker/>");
      const { "content-length": _, "transfer-encoding": __, ...rest } = answer.headers;
      response.writeHead(200, { ...rest, "content-length": Buffer.byteLength(page) });
      response.end(page);
    });
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
  });

// Whoever makes the containers tries again while nobody listens, and not when a connection breaks.
const awaitAccount = () => {
  const socket = net.connect(10009, "127.0.0.1");
  socket.on("connect", () => socket.destroy() && proxy.listen(10000, "0.0.0.0"));
  socket.on("error", () => setTimeout(awaitAccount, 200));
};
awaitAccount();
