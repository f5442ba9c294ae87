// Asks by HEAD what wrk can only ask by GET. heads PORT CONNECTIONS SECONDS PATH   (loopback, one thread, kept
// connections). Prints {"rate":answers a second,"p99":milliseconds}; exit code 1 and a reason if one was not 2xx.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000000

struct line { int fd; double asked; int length; char head[8192]; };

static char request[2048];
static int length;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static void ask(struct line *line) {
  line->length = 0;
  line->asked = now();
  if (send(line->fd, request, length, MSG_NOSIGNAL) != length) fail("cannot send");
}

// Whether the answer is whole.
static int take(struct line *line) {
  ssize_t k = recv(line->fd, line->head + line->length, sizeof line->head - 1 - line->length, 0);
  if (k <= 0) fail("closed before the head");
  line->length += k;
  line->head[line->length] = 0;
  if (line->length < 16 || memcmp(line->head + line->length - 4, "\r\n\r\n", 4)) return 0;
  if (memcmp(line->head + 8, " 2", 2)) fail(line->head);
  return 1;
}

static int order(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "heads PORT CONNECTIONS SECONDS PATH\n"), 2;
  int port = atoi(argv[1]), connections = atoi(argv[2]), epoll = epoll_create1(0), one = 1;
  double seconds = atof(argv[3]);
  length = snprintf(request, sizeof request,
    "HEAD %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: application/vnd.oci.image.manifest.v1+json\r\n\r\n", argv[4], port);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct line *lines = calloc(connections, sizeof *lines);
  float *late = malloc(MOST * sizeof *late);
  long answers = 0;
  double began = now();
  for (int i = 0; i < connections; i++) {
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &lines[i]};
    lines[i].fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(lines[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(lines[i].fd, (struct sockaddr *)&to, sizeof to)) fail("cannot connect");
    epoll_ctl(epoll, EPOLL_CTL_ADD, lines[i].fd, &wanted);
    ask(&lines[i]);
  }
  while (now() - began < seconds && answers < MOST) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, 64, 10000);
    if (count == 0) fail("no answer in 10 s");
    for (int i = 0; i < count && answers < MOST; i++) {
      struct line *line = ready[i].data.ptr;
      if (!take(line)) continue;
      late[answers++] = (now() - line->asked) * 1e3;
      ask(line);
    }
  }
  double took = now() - began;
  qsort(late, answers, sizeof *late, order);
  printf("{\"rate\":%.1f,\"p99\":%.3f}\n", answers / took, answers ? late[answers * 99 / 100] : -1.0);
  return 0;
}
