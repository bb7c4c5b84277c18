/* A Modbus server built on Debian's libmodbus, and a client that only reads: the other end of a wire that we did not
 * write, and what our own loop is measured against.
 *
 *   modbus_server tcp PORT                   serves, one client at a time, as any unit
 *   modbus_server rtu PATH UNIT              serves on a serial port: 115,200 bits per second, 8N1
 *   modbus_server read PORT COUNT SECONDS    reads COUNT holding registers over and over; prints how often
 *
 * A holding register holds 257 times its address, an input register 65,535 less that; a coil is set where its address
 * can be divided by three, a discrete input where it cannot. "ready" is printed once somebody can ask. */

#include <errno.h>
#include <modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 1000 };

static int fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, modbus_strerror(errno));
    return 1;
}

static modbus_mapping_t *image(void)
{
    modbus_mapping_t *all = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
    for (int n = 0; all != NULL && n < SIZE; n++) {
        all->tab_registers[n] = (uint16_t)(n * 257);
        all->tab_input_registers[n] = (uint16_t)(65535 - n * 257);
        all->tab_bits[n] = n % 3 == 0;
        all->tab_input_bits[n] = n % 3 != 0;
    }
    return all;
}

/* Until the other side has gone; on a serial line a damaged question is passed over. */
static void answer(modbus_t *line, modbus_mapping_t *all, int serial)
{
    uint8_t question[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(line, question);
        if (length > 0)
            modbus_reply(line, question, length, all);
        else if (length < 0 && !serial)
            return;
    }
}

static int serve_tcp(int port)
{
    modbus_t *line = modbus_new_tcp("127.0.0.1", port);
    modbus_mapping_t *all = image();
    int listener = line == NULL || all == NULL ? -1 : modbus_tcp_listen(line, 5);
    if (listener < 0)
        return fail("listen");
    puts("\"ready\"");
    fflush(stdout);
    while (modbus_tcp_accept(line, &listener) >= 0) {
        answer(line, all, 0);
        modbus_close(line);
    }
    return fail("accept");
}

static int serve_rtu(const char *path, int unit)
{
    modbus_t *line = modbus_new_rtu(path, 115200, 'N', 8, 1);
    modbus_mapping_t *all = image();
    if (line == NULL || all == NULL || modbus_set_slave(line, unit) < 0 || modbus_connect(line) < 0)
        return fail("open");
    puts("\"ready\"");
    fflush(stdout);
    answer(line, all, 1);
    return 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int read_over_and_over(int port, int count, double seconds)
{
    uint16_t words[MODBUS_MAX_READ_REGISTERS];
    modbus_t *line = modbus_new_tcp("127.0.0.1", port);
    if (line == NULL || modbus_connect(line) < 0)
        return fail("connect");
    double start = now();
    long polls = 0;
    while (now() - start < seconds) {
        if (modbus_read_registers(line, 0, count, words) != count)
            return fail("read");
        polls++;
    }
    printf("{\"polls\": %ld, \"seconds\": %.6f}\n", polls, now() - start);
    modbus_close(line);
    modbus_free(line);
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && strcmp(words[1], "tcp") == 0)
        return serve_tcp(atoi(words[2]));
    if (count == 4 && strcmp(words[1], "rtu") == 0)
        return serve_rtu(words[2], atoi(words[3]));
    if (count == 5 && strcmp(words[1], "read") == 0)
        return read_over_and_over(atoi(words[2]), atoi(words[3]), atof(words[4]));
    fprintf(stderr, "tcp PORT | rtu PATH UNIT | read PORT COUNT SECONDS\n");
    return 2;
}
