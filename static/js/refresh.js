// Reloads a page that shows work in progress; the page names the script only while there is some.
setTimeout(() => location.reload(), 2000);
