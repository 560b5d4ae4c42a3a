import java.io.*;
import java.net.*;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;

/** Java's HttpClient with its defaults, so that each request asks for an upgrade to HTTP/2; prints one result a line. */
public class JavaHttpClient {
  static final int LARGE = 20_000_000;
  static String url;
  static final HttpClient client = HttpClient.newHttpClient();

  static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(30));
  }

  static HttpRequest.Builder post(String path, byte[] body) {
    return request(path).POST(BodyPublishers.ofByteArray(body));
  }

  static String text(HttpRequest.Builder builder) throws Exception {
    HttpResponse<String> response = client.send(builder.build(), BodyHandlers.ofString());
    return response.statusCode() + " " + response.body();
  }

  static String head() throws Exception {
    var response = client.send(
        request("/hello").method("HEAD", BodyPublishers.noBody()).build(), BodyHandlers.discarding());
    return response.statusCode() + " " + response.headers().firstValue("content-length").orElse("none");
  }

  static String kept() throws Exception {
    int right = 0;
    for (int i = 0; i < 1000; i++) if (text(request("/hello")).equals("200 hello")) right++;
    // The client does not tell its connections.
    return right + " on 1 connection";
  }

  static String concurrent() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    int right = 0;
    for (int round = 0; round < 20; round++) {
      answers.clear();
      for (int i = 0; i < 50; i++) answers.add(client.sendAsync(request("/wait").build(), BodyHandlers.ofString()));
      for (var answer : answers) if (answer.get().body().equals("{\"a\":1}")) right++;
    }
    return "" + right;
  }

  static String fault(String path) throws Exception {
    try {
      return text(request(path));
    } catch (IOException error) {
      return "error";
    }
  }

  static String abortWait() throws Exception {
    try {
      return text(request("/slow").timeout(Duration.ofMillis(200)));
    } catch (HttpTimeoutException error) {
      return "left";
    }
  }

  static String abortBody() throws Exception {
    var response = client.send(request("/drip").build(), BodyHandlers.ofInputStream());
    response.body().readNBytes(1000);
    response.body().close();
    return "left";
  }

  static void print(String name, Callable<String> result) {
    String text;
    try {
      text = result.call();
    } catch (Exception error) {
      text = error.toString();
    }
    System.out.println(name + ": " + text);
  }

  public static void main(String[] args) {
    url = args[0].replaceAll("/$", "");
    byte[] small = "hello world".getBytes();
    byte[] large = new byte[LARGE];
    print("get", () -> text(request("/hello")));
    print("post_empty", () -> text(request("/size").POST(BodyPublishers.noBody())));
    print("post", () -> text(post("/size", small)));
    print("put", () -> text(request("/size").PUT(BodyPublishers.ofByteArray(small))));
    print("head", () -> head());
    print("kept", () -> kept());
    print("concurrent", () -> concurrent());
    print("upload", () -> text(post("/size", large)));
    print("chunked", () -> text(
        request("/size").POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)))));
    print("ignored", () -> text(post("/hello", large)) + ", " + text(request("/hello")));
    print("download", () -> {
      var response = client.send(request("/large").build(), BodyHandlers.ofByteArray());
      return response.statusCode() + " " + response.body().length;
    });
    print("reset", () -> fault("/reset"));
    print("cut", () -> fault("/cut"));
    print("abort_wait", () -> abortWait());
    print("abort_body", () -> abortBody());
    System.exit(0);
  }
}
