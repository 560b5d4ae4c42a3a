/* Native reference server: answers each HTTP/1.1 request a given number of milliseconds after reading it. Uses one thread, epoll
 * with nanosecond timeouts, a binary min-heap of deadlines, keep-alive and TCP_NODELAY. Listens on a free port of the loopback
 * interface, prints {"port":N}, and ends when its standard input ends. Linux only.
 *
 * The second argument, if given, is the whole answer, head and body, which is then the same for every request. Each line on
 * standard input prints the lateness of the answers since the line before, from when they were due to after their write, in ms:
 * {"count":N,"p50":X,"p99":X,"p999":X,"max":X}.
 *
 *   cc -O2 -o native_reference native_reference.c && ./native_reference 20
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 65536, EVENTS = 512, HEAD = 4096, MICROSECONDS = 1000000 };

/* A connection is identified by its file descriptor and has one request at a time. `slot` is its index in the heap, or -1. */
struct connection {
  int64_t arrival;
  int64_t due;
  int slot;
  int filled;
  char *head;
};

static struct connection connections[CONNECTIONS];
static int heap[CONNECTIONS];
static int waiting;
static int64_t delay;
static const char *fixed_answer;
static size_t fixed_length;

/* Number of answers by lateness in whole microseconds; the last element counts all that were later. */
static uint32_t lateness[MICROSECONDS + 1];
static int64_t answers;
static int64_t latest;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void put(int place, int fd) {
  heap[place] = fd;
  connections[fd].slot = place;
}

static void sift_up(int place, int fd) {
  while (place > 0) {
    int parent = (place - 1) / 2;
    if (connections[heap[parent]].due <= connections[fd].due) break;
    put(place, heap[parent]);
    place = parent;
  }
  put(place, fd);
}

static void sift_down(int place, int fd) {
  for (;;) {
    int child = 2 * place + 1;
    if (child >= waiting) break;
    if (child + 1 < waiting && connections[heap[child + 1]].due < connections[heap[child]].due) child++;
    if (connections[heap[child]].due >= connections[fd].due) break;
    put(place, heap[child]);
    place = child;
  }
  put(place, fd);
}

static void leave_heap(int fd) {
  int place = connections[fd].slot;
  if (place < 0) return;
  connections[fd].slot = -1;
  int last = heap[--waiting];
  if (last == fd) return;
  sift_down(place, last);
  sift_up(connections[last].slot, last);
}

static void hang_up(int fd) {
  leave_heap(fd);
  free(connections[fd].head);
  connections[fd].head = NULL;
  close(fd);
}

static void record_lateness(int64_t late) {
  if (late > latest) latest = late;
  int64_t place = late / 1000;
  lateness[place < MICROSECONDS ? place : MICROSECONDS]++;
  answers++;
}

/* Returns the lateness, in ms, that the given share of the answers did not exceed; 0 if there are none. */
static double lateness_quantile(double share) {
  int64_t left = (int64_t)(share * answers + 0.999999);
  int place = 0;
  while (place < MICROSECONDS && (left -= lateness[place]) > 0) place++;
  return place / 1e3;
}

static void print_lateness(void) {
  printf("{\"count\":%lld,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}\n", (long long)answers,
      lateness_quantile(0.5), lateness_quantile(0.99), lateness_quantile(0.999), latest / 1e6);
  fflush(stdout);
  memset(lateness, 0, sizeof lateness);
  answers = latest = 0;
}

static void answer(int fd) {
  char text[256];
  const char *bytes = fixed_answer;
  ssize_t length = fixed_length;
  int64_t due = connections[fd].due;
  if (bytes == NULL) {
    int64_t took = now() - connections[fd].arrival;
    length = snprintf(text, sizeof text,
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: 2\r\n"
        "server-timing: total;dur=%.3f\r\n\r\nok", took / 1e6);
    bytes = text;
  }
  if (write(fd, bytes, length) != length) hang_up(fd);
  record_lateness(now() - due);
}

static void receive(int fd) {
  struct connection *c = &connections[fd];
  ssize_t n = read(fd, c->head + c->filled, HEAD - 1 - c->filled);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return hang_up(fd);
  c->filled += n;
  c->head[c->filled] = 0;
  if (strstr(c->head, "\r\n\r\n") == NULL) {
    if (c->filled == HEAD - 1) hang_up(fd);
    return;
  }
  c->filled = 0;
  c->arrival = now();
  c->due = c->arrival + delay;
  if (c->slot >= 0) return hang_up(fd); /* pipelining */
  sift_up(waiting++, fd);
}

static void welcome(int poll, int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= CONNECTIONS) {
      close(fd);
      continue;
    }
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connections[fd] = (struct connection){.slot = -1, .head = malloc(HEAD)};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (connections[fd].head == NULL || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0) fail("accept");
  }
}

static int listen_on_loopback(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0) fail("listen");
  getsockname(fd, (struct sockaddr *)&address, &size);
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "usage: %s MILLISECONDS [ANSWER]\n", argv[0]);
    return 2;
  }
  if (argc == 3) {
    fixed_answer = argv[2];
    fixed_length = strlen(fixed_answer);
  }
  delay = (int64_t)(atof(argv[1]) * 1e6);
  int listener = listen_on_loopback();
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
  event.data.fd = STDIN_FILENO;
  epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  for (;;) {
    struct epoll_event events[EVENTS];
    struct timespec wait = {0};
    int64_t left = waiting > 0 ? connections[heap[0]].due - now() : 0;
    if (left > 0) wait = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    int n = epoll_pwait2(poll, events, EVENTS, waiting > 0 ? &wait : NULL, NULL);
    if (n < 0 && errno != EINTR) fail("epoll_pwait2");
    while (waiting > 0 && connections[heap[0]].due <= now()) {
      int fd = heap[0];
      leave_heap(fd);
      answer(fd);
    }
    for (int i = 0; i < n; i++) {
      char byte[64];
      int fd = events[i].data.fd;
      if (fd == listener) welcome(poll, listener);
      else if (fd != STDIN_FILENO) receive(fd);
      else if (read(fd, byte, sizeof byte) <= 0) return 0;
      else print_lateness();
    }
  }
}
