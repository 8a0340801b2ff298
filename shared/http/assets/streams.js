// Server-Sent Events have no end, and Swagger UI shows an answer once it is whole: the page reads some seconds of it.

const SECONDS = 5;

/** The response itself; of a stream of events, what comes within some seconds. */
export async function bounded(response) {
  if (!response.body || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    return response;
  }
  const { status, statusText, headers } = response;
  return new Response(await textWithin(response.body.getReader(), SECONDS), { status, statusText, headers });
}

async function textWithin(reader, seconds) {
  const decoder = new TextDecoder();
  let text = "";
  const timer = setTimeout(() => reader.cancel(), seconds * 1000);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(timer);
  return text;
}
