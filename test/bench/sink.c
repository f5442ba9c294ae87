// HTTP client that throws bodies away inside the kernel (MSG_TRUNC), so that it costs a server's machine little.
// sink PORT CONNECTIONS REPEATS RATE SECONDS PATH...   (loopback; RATE bytes/s for each connection, 0 = as fast
// as it goes; SECONDS 0 = until everything is read). Connection i reads PATH[i % n], REPEATS times; with REPEATS 0
// each takes the next path that nobody took yet.
// Prints {"bytes":…,"seconds":…,"firstByteMs":slowest first body byte}; exit code 1 and a reason if one failed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port, connections, repeats, paths, taken;
static double rate, seconds, started;
static char **path;
static pthread_barrier_t ready;

struct worker { pthread_t thread; int id; long long bytes; double first; char failure[200]; };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int over(void) { return seconds > 0 && now() - started > seconds; }

static int dial(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, small = 64 << 10;
  struct timeval patience = {.tv_sec = 60};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (rate > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
  close(fd);
  return -1;
}

// Length of the body, or -1 with the reason in w->failure.
static long long read_head(struct worker *w, int fd) {
  char head[16384];
  size_t seen = 0;
  char *end = NULL;
  // Looked at before it is taken: one byte at a time would cost more than many a server's whole answer.
  for (int looks = 0; end == NULL && seen < sizeof head - 1; looks++) {
    ssize_t k = recv(fd, head, sizeof head - 1, MSG_PEEK);
    // A head that is cut is seen again and again: 60 s of looking is enough.
    if (k <= 0 || looks > 600000) { snprintf(w->failure, sizeof w->failure, "closed before the head"); return -1; }
    if ((size_t)k == seen) usleep(100);
    seen = k;
    head[seen] = 0;
    end = strstr(head, "\r\n\r\n");
  }
  if (end != NULL) { recv(fd, head, end + 4 - head, MSG_WAITALL); end[4] = 0; }
  char *length = strcasestr(head, "\r\ncontent-length:");
  if (strncmp(head + 8, " 200", 4) == 0 && length) return atoll(length + 17);
  snprintf(w->failure, sizeof w->failure, "answered %.60s", head);
  return -1;
}

static int read_body(struct worker *w, int fd, long long left, double asked) {
  size_t most = rate > 0 ? 16 << 10 : 4 << 20;
  int fresh = 1;
  while (left > 0) {
    if (over()) return -1;
    ssize_t k = recv(fd, NULL, left > (long long)most ? most : (size_t)left, MSG_TRUNC);
    if (k <= 0) { snprintf(w->failure, sizeof w->failure, "cut with %lld bytes missing", left); return -1; }
    if (fresh && now() - asked > w->first) w->first = now() - asked;
    fresh = 0;
    left -= k;
    w->bytes += k;
    if (rate > 0) usleep(k / rate * 1e6);
  }
  return 0;
}

static void *work(void *arg) {
  struct worker *w = arg;
  char request[2048];
  pthread_barrier_wait(&ready);
  double asked = now();
  int fd = dial();
  if (fd < 0) { snprintf(w->failure, sizeof w->failure, "cannot connect"); return NULL; }
  for (int i = 0; (repeats == 0 || i < repeats) && !over(); i++, asked = now()) {
    int at = repeats == 0 ? __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED) : w->id % paths;
    if (at >= paths) break;
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", path[at], port);
    if (send(fd, request, length, MSG_NOSIGNAL) != length) { snprintf(w->failure, sizeof w->failure, "cannot send"); break; }
    long long body = read_head(w, fd);
    if (body < 0 || read_body(w, fd, body, asked) < 0) break;
  }
  close(fd);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 7) return fprintf(stderr, "sink PORT CONNECTIONS REPEATS RATE SECONDS PATH...\n"), 2;
  port = atoi(argv[1]), connections = atoi(argv[2]), repeats = atoi(argv[3]);
  rate = atof(argv[4]), seconds = atof(argv[5]), path = argv + 6, paths = argc - 6;
  struct worker *all = calloc(connections, sizeof *all);
  pthread_attr_t thin;
  pthread_attr_init(&thin);
  pthread_attr_setstacksize(&thin, 128 << 10);
  pthread_barrier_init(&ready, NULL, connections + 1);
  for (int i = 0; i < connections; i++) {
    all[i].id = i;
    if (pthread_create(&all[i].thread, &thin, work, &all[i])) return fprintf(stderr, "cannot start %d threads\n", connections), 1;
  }
  started = now();
  pthread_barrier_wait(&ready);
  long long bytes = 0;
  double first = 0;
  int failed = 0;
  for (int i = 0; i < connections; i++) {
    pthread_join(all[i].thread, NULL);
    bytes += all[i].bytes;
    if (all[i].first > first) first = all[i].first;
    if (all[i].failure[0] && failed++ == 0) fprintf(stderr, "connection %d: %s\n", i, all[i].failure);
  }
  printf("{\"bytes\":%lld,\"seconds\":%.6f,\"firstByteMs\":%.3f}\n", bytes, now() - started, first * 1e3);
  return failed > 0;
}
