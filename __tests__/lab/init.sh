#!/bin/busybox sh
# PID 1 of the lab host. Its root is the machine's own root over 9p, read-only, with everything written kept in memory;
# /run/d is a scratch disk, /run/job holds the job, /run/share goes back to the machine.

B=/bin/busybox

fail() {
  echo "lab: $*" >/dev/console
  $B poweroff -f
}


load_modules() {
  for module in /modules/*; do
    $B insmod "$module" 2>/dev/null || fail "cannot load $module"
  done
}

mount_root() {
  options=trans=virtio,version=9p2000.L,msize=1048576
  $B mkdir -p /machine /memory /lab
  $B mount -t 9p -o "$options,ro,cache=loose" root /machine || fail 'no root over 9p'
  $B mount -t tmpfs -o size=50% tmpfs /memory
  $B mkdir /memory/upper /memory/work
  $B mount -t overlay -o lowerdir=/machine,upperdir=/memory/upper,workdir=/memory/work overlay /lab || fail 'no overlay'
  $B mount -t proc proc /lab/proc
  $B mount -t sysfs sysfs /lab/sys
  $B mount -t tmpfs -o mode=755 tmpfs /lab/run
  $B mkdir /lab/run/d /lab/run/job /lab/run/share /lab/run/lock
  $B mount -t ext4 /dev/vda /lab/run/d || fail 'no scratch disk'
  $B mkdir -m 1777 /lab/run/d/tmp
  $B mkdir -m 700 /lab/run/d/home
  $B mount -t 9p -o "$options,ro" job /lab/run/job || fail 'no job over 9p'
  $B mount -t 9p -o "$options" share /lab/run/share || fail 'no share over 9p'
}

mount_devices() {
  $B mount -t devtmpfs dev /lab/dev
  $B mkdir -p /lab/dev/pts /lab/dev/shm
  $B mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /lab/dev/pts
  $B mount -t tmpfs -o mode=1777 tmpfs /lab/dev/shm
  $B ln -s /proc/self/fd /lab/dev/fd
  for stream in 0:stdin 1:stdout 2:stderr; do
    $B ln -s "/proc/self/fd/${stream%:*}" "/lab/dev/${stream#*:}"
  done
  $B chmod 666 /lab/dev/kvm || fail 'no /dev/kvm'
}

# A /tmp of its own, since that of the machine holds its sockets and locks; the project may be below it.
mount_tmp() {
  project=$($B cat /lab/run/job/project)
  $B mkdir /project
  $B mount -o bind "/lab$project" /project || fail "no $project"
  $B mount -t tmpfs -o mode=1777,size=25% tmpfs /lab/tmp
  $B mkdir -p "/lab$project"
  $B mount -o move /project "/lab$project"
}

# As systemd leaves it.
mount_cgroups() {
  $B mount -t cgroup2 cgroup2 /lab/sys/fs/cgroup
  for controller in cpu io memory pids; do
    echo "+$controller" >/lab/sys/fs/cgroup/cgroup.subtree_control
  done
}

# One end of the line to the machine. What the job writes goes through a pipe, as a port can be opened only once.
open_line() {
  for port in /sys/class/virtio-ports/*; do
    [ "$($B cat "$port/name")" = lab ] && line=/dev/${port##*/}
  done
  $B mkfifo /line
  $B cat /line >"$line" &
  exec 3>/line
}

run_job() {
  nonce=$($B cat /lab/run/job/nonce)
  printf '%s up\n' "$nonce" >&3
  ulimit -Hn 524288
  # On top of everything, so that the job is in no chroot, where the kernel lets nobody make a user namespace.
  cd /lab && $B mount -o move . /
  $B chroot . /bin/bash /run/job/job.sh </dev/null >&3 2>&3 3>&-
  code=$?
  # Everything written is at the machine before it is told of the end.
  $B sync
  printf '%s %d\n' "$nonce" "$code" >&3
}

$B mkdir -p /proc /sys /dev
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs dev /dev
load_modules
mount_root
mount_devices
mount_tmp
mount_cgroups
$B ip link set lo up
$B hostname lab
open_line
run_job
exec 3>&-
# The machine ends this host once it has read the end of the line.
$B sleep 60
$B poweroff -f
